ALTER TABLE `evidence` ADD `measurements` text;--> statement-breakpoint
CREATE INDEX `incidents_of_title` ON `incidents` (`title`,`opened_at`);
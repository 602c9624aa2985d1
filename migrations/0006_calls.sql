ALTER TABLE `requests` ADD `reminded_at` integer;--> statement-breakpoint
ALTER TABLE `requests` ADD `escalated_at` integer;--> statement-breakpoint
ALTER TABLE `requests` ADD `escalated_to` text;--> statement-breakpoint
ALTER TABLE `requests` ADD `paged_at` integer;
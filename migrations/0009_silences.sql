CREATE TABLE `silences` (
	`id` text PRIMARY KEY NOT NULL,
	`incident_id` text NOT NULL,
	`request_id` text,
	`episode_ids` text NOT NULL,
	`person` text,
	`began_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`lift_at` integer NOT NULL,
	`failure` text,
	`ended_at` integer,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `silences_of_incident` ON `silences` (`incident_id`);--> statement-breakpoint
ALTER TABLE `requests` ADD `undoes` text;--> statement-breakpoint
CREATE INDEX `requests_of_action` ON `requests` (`runbook_id`,`action_id`,`target`,`created_at`);--> statement-breakpoint
CREATE INDEX `requests_that_undo` ON `requests` (`undoes`) WHERE undoes is not null;
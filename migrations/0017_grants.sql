CREATE TABLE `grants` (
	`request_id` text PRIMARY KEY NOT NULL,
	`runbook_id` text NOT NULL,
	`action_id` text NOT NULL,
	`target` text NOT NULL,
	`binding` text NOT NULL,
	`given_at` integer NOT NULL,
	`ended_at` integer,
	`ended_by` text,
	`end_reason` text,
	FOREIGN KEY (`request_id`) REFERENCES `requests`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_grant_an_action` ON `grants` (`runbook_id`,`action_id`,`target`) WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX `grants_of_action` ON `grants` (`runbook_id`,`action_id`,`target`,`ended_at`);--> statement-breakpoint
DROP INDEX `one_live_request_asked_for`;--> statement-breakpoint
ALTER TABLE `requests` ADD `is_grant` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `one_live_request_for_a_grant` ON `requests` (`runbook_id`,`action_id`,`target`) WHERE is_grant and state in ('pending', 'approved', 'executing');--> statement-breakpoint
CREATE UNIQUE INDEX `one_live_request_asked_for` ON `requests` (`runbook_id`,`action_id`,`target`) WHERE episode_id is null and not is_grant and state in ('pending', 'approved', 'executing');
CREATE TABLE `proposal_keys` (
	`holder` text NOT NULL,
	`key` text NOT NULL,
	`body_hash` text NOT NULL,
	`request_id` text NOT NULL,
	PRIMARY KEY(`holder`, `key`),
	FOREIGN KEY (`request_id`) REFERENCES `requests`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
ALTER TABLE `requests` ADD `words` text;--> statement-breakpoint
CREATE UNIQUE INDEX `one_live_request_asked_for` ON `requests` (`runbook_id`,`action_id`,`target`) WHERE episode_id is null and state in ('pending', 'approved', 'executing');
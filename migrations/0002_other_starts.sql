CREATE TABLE `other_starts` (
	`source` text NOT NULL,
	`fingerprint` text NOT NULL,
	`starts_at` integer NOT NULL,
	`episode_id` integer NOT NULL,
	PRIMARY KEY(`source`, `fingerprint`, `starts_at`),
	FOREIGN KEY (`episode_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `executions_on_any_target` ON `executions` (`runbook_id`,`action_id`,`claimed_at`);--> statement-breakpoint
CREATE INDEX `unreviewed_executions` ON `executions` (`runbook_id`,`action_id`,`target`) WHERE state = 'unknown' and reviewed_by is null;
CREATE TABLE `alerts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`source` text NOT NULL,
	`fingerprint` text NOT NULL,
	`starts_at` integer NOT NULL,
	`status` text NOT NULL,
	`ends_at` integer,
	`labels` text NOT NULL,
	`annotations` text NOT NULL,
	`generator_url` text,
	`extra` text,
	`incident_id` text NOT NULL,
	`received_at` integer NOT NULL,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_row_an_episode` ON `alerts` (`source`,`fingerprint`,`starts_at`);--> statement-breakpoint
CREATE INDEX `firing_alerts` ON `alerts` (`source`,`fingerprint`) WHERE status = 'firing';--> statement-breakpoint
CREATE INDEX `alerts_of_incident` ON `alerts` (`incident_id`);--> statement-breakpoint
CREATE TABLE `buttons` (
	`token` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`chat` text NOT NULL,
	`verb` text NOT NULL,
	`subject` text NOT NULL,
	`person` text,
	`expires_at` integer,
	`used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_button_a_choice` ON `buttons` (`channel`,`chat`,`subject`,`verb`) WHERE person is null;--> statement-breakpoint
CREATE TABLE `cards` (
	`incident_id` text NOT NULL,
	`channel` text NOT NULL,
	`chat` text NOT NULL,
	`message_id` text,
	`shown_version` integer NOT NULL,
	`shown_hash` text,
	`shown_state` text,
	`is_stale` integer NOT NULL,
	`is_urgent` integer NOT NULL,
	`is_reposted` integer NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`incident_id`, `channel`, `chat`),
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cards_of_chat` ON `cards` (`channel`,`chat`,`message_id`);--> statement-breakpoint
CREATE INDEX `stale_cards` ON `cards` (`channel`,`chat`,`at`) WHERE is_stale;--> statement-breakpoint
CREATE TABLE `diagnoses` (
	`incident_id` text PRIMARY KEY NOT NULL,
	`diagnosis` text NOT NULL,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `evidence` (
	`incident_id` text NOT NULL,
	`id` text NOT NULL,
	`episode_id` integer NOT NULL,
	`kind` text NOT NULL,
	`title` text NOT NULL,
	`text` text NOT NULL,
	`status` text NOT NULL,
	`collected_at` integer NOT NULL,
	PRIMARY KEY(`incident_id`, `id`),
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `executions` (
	`id` text PRIMARY KEY NOT NULL,
	`request_id` text NOT NULL,
	`incident_id` text NOT NULL,
	`runbook_id` text NOT NULL,
	`action_id` text NOT NULL,
	`target` text NOT NULL,
	`is_unasked` integer NOT NULL,
	`state` text NOT NULL,
	`claimed_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`exit_code` integer,
	`output` text,
	`is_truncated` integer,
	`reviewed_by` text,
	FOREIGN KEY (`request_id`) REFERENCES `requests`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `executions_requestId_unique` ON `executions` (`request_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `one_run_a_target` ON `executions` (`target`) WHERE state in ('claimed', 'started');--> statement-breakpoint
CREATE INDEX `executions_by_time` ON `executions` (`claimed_at`);--> statement-breakpoint
CREATE INDEX `executions_of_action` ON `executions` (`runbook_id`,`action_id`,`target`,`claimed_at`);--> statement-breakpoint
CREATE INDEX `executions_of_incident` ON `executions` (`incident_id`);--> statement-breakpoint
CREATE TABLE `incidents` (
	`id` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`group_key` text NOT NULL,
	`state` text NOT NULL,
	`title` text NOT NULL,
	`severity` text,
	`opened_at` integer NOT NULL,
	`acknowledged_by` text,
	`resolved_at` integer,
	`truncated_alerts` integer NOT NULL,
	`trust` text NOT NULL,
	`receiver` text,
	`external_url` text,
	`group_labels` text NOT NULL,
	`extra` text,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_open_incident_a_group` ON `incidents` (`source`,`group_key`) WHERE state <> 'resolved';--> statement-breakpoint
CREATE INDEX `incidents_by_time` ON `incidents` (`opened_at`);--> statement-breakpoint
CREATE INDEX `open_incidents` ON `incidents` (`opened_at`) WHERE state <> 'resolved';--> statement-breakpoint
CREATE TABLE `record` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`kind` text NOT NULL,
	`incident_id` text,
	`event` text NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `record_of_incident` ON `record` (`incident_id`);--> statement-breakpoint
CREATE TABLE `requests` (
	`id` text PRIMARY KEY NOT NULL,
	`incident_id` text NOT NULL,
	`episode_id` integer,
	`state` text NOT NULL,
	`runbook_id` text NOT NULL,
	`action_id` text NOT NULL,
	`target` text,
	`proposal` text NOT NULL,
	`plan` text,
	`digest` text,
	`plan_code` text,
	`risk` text NOT NULL,
	`reasons` text NOT NULL,
	`quorum` integer,
	`approvers` text,
	`expires_at` integer,
	`is_approved_by_policy` integer NOT NULL,
	`requester` text,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	`end_reason` text,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `requests_of_incident` ON `requests` (`incident_id`);--> statement-breakpoint
CREATE INDEX `requests_by_plan_code` ON `requests` (`plan_code`);--> statement-breakpoint
CREATE UNIQUE INDEX `one_live_request_an_alert` ON `requests` (`episode_id`) WHERE state in ('pending', 'approved', 'executing');--> statement-breakpoint
CREATE INDEX `live_requests` ON `requests` (`state`) WHERE state in ('pending', 'approved', 'executing');--> statement-breakpoint
CREATE TABLE `sessions` (
	`secret_hash` text PRIMARY KEY NOT NULL,
	`person` text NOT NULL,
	`csrf` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sign_in_links` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`person` text NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer
);
--> statement-breakpoint
CREATE TABLE `steps` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`due_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`generation` integer NOT NULL,
	`is_leased` integer NOT NULL,
	`last_error` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_step_a_subject` ON `steps` (`kind`,`subject`);--> statement-breakpoint
CREATE INDEX `due_steps` ON `steps` (`kind`,`is_leased`,`due_at`);--> statement-breakpoint
CREATE TABLE `switches` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `verifications` (
	`execution_id` text PRIMARY KEY NOT NULL,
	`outcome` text NOT NULL,
	`detail` text NOT NULL,
	`judged_at` integer NOT NULL,
	FOREIGN KEY (`execution_id`) REFERENCES `executions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `votes` (
	`request_id` text NOT NULL,
	`person` text NOT NULL,
	`decision` text NOT NULL,
	`channel` text NOT NULL,
	`reason` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`request_id`, `person`),
	FOREIGN KEY (`request_id`) REFERENCES `requests`(`id`) ON UPDATE no action ON DELETE no action
);

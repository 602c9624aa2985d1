CREATE TABLE `model_calls` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`incident_id` text,
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`input` integer NOT NULL,
	`output` integer NOT NULL,
	`cache_read` integer NOT NULL,
	`cache_write` integer NOT NULL,
	`cost_usd` real NOT NULL,
	`took_ms` integer NOT NULL,
	`failure` text
);
--> statement-breakpoint
CREATE INDEX `model_calls_by_time` ON `model_calls` (`at`);--> statement-breakpoint
CREATE INDEX `model_calls_of_incident` ON `model_calls` (`incident_id`);--> statement-breakpoint
CREATE TABLE `opinions` (
	`incident_id` text PRIMARY KEY NOT NULL,
	`pattern` text NOT NULL,
	`opinion` text,
	`note` text,
	`at` integer NOT NULL,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `opinions_of_pattern` ON `opinions` (`pattern`,`at`) WHERE opinion is not null;
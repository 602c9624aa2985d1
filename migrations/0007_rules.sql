CREATE TABLE `notices` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`text` text NOT NULL,
	`is_told` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `untold_notices` ON `notices` (`id`) WHERE is_told = 0;--> statement-breakpoint
CREATE TABLE `rule_files` (
	`name` text PRIMARY KEY NOT NULL,
	`sha256` text,
	`text` text NOT NULL
);

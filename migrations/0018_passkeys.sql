CREATE TABLE `passkeys` (
	`id` text PRIMARY KEY NOT NULL,
	`person` text NOT NULL,
	`name` text NOT NULL,
	`site` text NOT NULL,
	`public_key` text NOT NULL,
	`counter` integer NOT NULL,
	`transports` text NOT NULL,
	`created_at` integer NOT NULL,
	`used_at` integer
);
--> statement-breakpoint
CREATE INDEX `passkeys_of_person` ON `passkeys` (`person`);--> statement-breakpoint
ALTER TABLE `sessions` ADD `way` text DEFAULT 'link' NOT NULL;--> statement-breakpoint
ALTER TABLE `sign_in_links` ADD `way` text DEFAULT 'link' NOT NULL;
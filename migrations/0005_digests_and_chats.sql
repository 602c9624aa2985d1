CREATE TABLE `chats` (
	`channel` text NOT NULL,
	`chat` text NOT NULL,
	`moved_to` text,
	`heard_at` integer,
	`handled` text NOT NULL,
	PRIMARY KEY(`channel`, `chat`)
);
--> statement-breakpoint
CREATE TABLE `digests` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`channel` text NOT NULL,
	`chat` text NOT NULL,
	`message_id` text,
	`opened_at` integer NOT NULL,
	`ended_at` integer,
	`shown_hash` text,
	`shown_at` integer,
	`is_reposted` integer NOT NULL,
	`is_done` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_digest_a_chat` ON `digests` (`channel`,`chat`) WHERE not is_done;--> statement-breakpoint
CREATE INDEX `messages_of_digests` ON `digests` (`channel`,`chat`,`message_id`);--> statement-breakpoint
DROP INDEX `one_button_a_choice`;--> statement-breakpoint
CREATE UNIQUE INDEX `one_button_a_choice` ON `buttons` (`channel`,`chat`,`subject`,`verb`) WHERE person is null and used_at is null;--> statement-breakpoint
ALTER TABLE `cards` ADD `is_replying` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `cards` ADD `digest_id` integer REFERENCES digests(id);--> statement-breakpoint
CREATE INDEX `cards_of_digest` ON `cards` (`digest_id`) WHERE digest_id is not null;
CREATE TABLE `sent_reports` (
	`name` text NOT NULL,
	`channel` text NOT NULL,
	`chat` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`name`, `channel`, `chat`)
);

CREATE TABLE `pictures` (
	`incident_id` text NOT NULL,
	`channel` text NOT NULL,
	`chat` text NOT NULL,
	`card_id` text NOT NULL,
	`shown` text NOT NULL,
	`message_id` text,
	PRIMARY KEY(`channel`, `chat`, `incident_id`),
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);

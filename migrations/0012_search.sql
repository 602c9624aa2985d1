CREATE TABLE `searchable` (
	`n` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`incident_id` text NOT NULL,
	`is_stale` integer NOT NULL,
	FOREIGN KEY (`incident_id`) REFERENCES `incidents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `searchable_incidentId_unique` ON `searchable` (`incident_id`);--> statement-breakpoint
CREATE INDEX `stale_words` ON `searchable` (`n`) WHERE is_stale = 1;--> statement-breakpoint
CREATE INDEX `requests_of_target` ON `requests` (`target`,`created_at`);
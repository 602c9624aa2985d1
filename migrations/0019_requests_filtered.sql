DROP INDEX `requests_of_incident`;--> statement-breakpoint
DROP INDEX `requests_of_action`;--> statement-breakpoint
DROP INDEX `requests_of_target`;--> statement-breakpoint
CREATE INDEX `requests_of_incident` ON `requests` (`incident_id`,`runbook_id`,`target`);--> statement-breakpoint
CREATE INDEX `requests_of_action` ON `requests` (`runbook_id`,`action_id`,`target`,`created_at`,`incident_id`);--> statement-breakpoint
CREATE INDEX `requests_of_target` ON `requests` (`target`,`created_at`,`incident_id`);
DROP INDEX `executions_by_time`;--> statement-breakpoint
DROP INDEX `executions_of_action`;--> statement-breakpoint
ALTER TABLE `executions` ADD `outcome` text;--> statement-breakpoint
UPDATE `executions` SET `outcome` = (SELECT `outcome` FROM `verifications` WHERE `execution_id` = `id`);--> statement-breakpoint
CREATE INDEX `executions_by_time` ON `executions` (`claimed_at`,`state`,`outcome`,`is_unasked`,`incident_id`);--> statement-breakpoint
CREATE INDEX `executions_of_action` ON `executions` (`runbook_id`,`action_id`,`target`,`claimed_at`,`started_at`,`state`,`outcome`);--> statement-breakpoint
DROP INDEX `incidents_by_time`;--> statement-breakpoint
ALTER TABLE `incidents` ADD `acknowledged_at` integer;--> statement-breakpoint
UPDATE `incidents` SET `acknowledged_at` = (SELECT min(`at`) FROM `record` WHERE `incident_id` = `incidents`.`id` AND `kind` = 'incident.acknowledged') WHERE `acknowledged_by` IS NOT NULL;--> statement-breakpoint
CREATE INDEX `acknowledged_incidents` ON `incidents` (`opened_at`,`source`,`acknowledged_at`) WHERE acknowledged_by is not null;--> statement-breakpoint
CREATE INDEX `incidents_by_time` ON `incidents` (`opened_at`,`source`,`state`,`severity`,`resolved_at`);--> statement-breakpoint
CREATE INDEX `switched` ON `record` (`seq`) WHERE kind in ('autohealing.enabled', 'autohealing.disabled', 'maintenance.begun');--> statement-breakpoint
CREATE INDEX `held_requests` ON `requests` (`runbook_id`,`action_id`,`created_at`) WHERE requester is null and (instr(reasons, '"rule":"limit"') or instr(reasons, '"rule":"breaker"') or instr(reasons, '"rule":"flapping"'));--> statement-breakpoint
CREATE INDEX `votes_by_time` ON `votes` (`at`,`request_id`);
-- Who saved a version of a template, by the key's name and id, and what they say that it changes. NULL: saved before this was
-- noted, or not by the API. docs/decisions/0073-versions-name-their-author.md

ALTER TABLE template_versions ADD COLUMN created_by TEXT;
ALTER TABLE template_versions ADD COLUMN created_by_key INTEGER;
ALTER TABLE template_versions ADD COLUMN comment TEXT;

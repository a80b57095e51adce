ALTER TABLE amendments ADD COLUMN insured_json TEXT; -- changed insured, personal data; null once it is applied
ALTER TABLE amendments ADD COLUMN asked_by TEXT NOT NULL DEFAULT 'partner';

CREATE INDEX amendments_with_insured ON amendments (expires_at) WHERE insured_json IS NOT NULL;

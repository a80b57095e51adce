-- What a partner asks beyond the law of its customers' markets.

ALTER TABLE partners ADD COLUMN restrictions_json TEXT NOT NULL DEFAULT '{}';

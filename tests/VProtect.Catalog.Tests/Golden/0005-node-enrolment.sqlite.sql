-- Nodes of other machines: they join by a token of which only the hash is kept, and are known by their certificate from then on.
ALTER TABLE nodes ADD COLUMN next_certificate_thumbprint TEXT;
ALTER TABLE nodes ADD COLUMN token_hash BLOB;
ALTER TABLE nodes ADD COLUMN token_expires_at BIGINT;
ALTER TABLE nodes ADD COLUMN token_key_hash BLOB;
CREATE UNIQUE INDEX nodes_by_certificate_thumbprint ON nodes (certificate_thumbprint);
CREATE UNIQUE INDEX nodes_by_next_certificate_thumbprint ON nodes (next_certificate_thumbprint);
CREATE UNIQUE INDEX nodes_by_token_hash ON nodes (token_hash);

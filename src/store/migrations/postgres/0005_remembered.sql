-- Single things that must survive a crash: whether everything is held, which e-mail somebody has had here.
CREATE TABLE remembered (
    key   TEXT PRIMARY KEY,
    value JSON NOT NULL
);

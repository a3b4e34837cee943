CREATE TABLE lists (
    name     text   NOT NULL,
    movie_id bigint NOT NULL REFERENCES movies ON DELETE CASCADE,
    PRIMARY KEY (name, movie_id)
);

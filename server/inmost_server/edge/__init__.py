"""Where connections are: frames in, frames out, nobody held up by somebody slow."""

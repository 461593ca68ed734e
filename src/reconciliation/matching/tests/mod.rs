mod levels;
mod properties;
mod stories;
mod world;

mod properties;
mod stories;
mod world;

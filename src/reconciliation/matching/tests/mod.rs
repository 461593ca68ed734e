mod levels;
mod oracle;
mod properties;
mod stories;
mod world;

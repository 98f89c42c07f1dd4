//! A real browser on the pages.

mod driver;
mod pages;
mod portal;

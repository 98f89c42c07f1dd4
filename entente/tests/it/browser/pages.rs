//! Every step of the road on its pages.

//! What each path of the provider does, over HTTP and on both databases.

mod sign_in;

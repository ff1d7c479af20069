//! Floor 1: the wire types and rules of OAuth 2 and OpenID Connect, pure.

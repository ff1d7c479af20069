//! Tencent's number authentication: SHA-256 over key, random number and time.

use super::sha256_hex;

/// The signature of one request.
pub fn signature(appkey: &str, random: &str, time: &str) -> String {
    sha256_hex(format!("appkey={appkey}&random={random}&time={time}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_holds() {
        assert_eq!(
            signature("5f03a35d00ee52a21327ab048186a2c4", "7226249334", "1457336869"),
            "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df"
        );
    }
}

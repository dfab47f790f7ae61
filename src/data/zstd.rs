//! Zstandard data, unpacked as a stream.

use std::io::{self, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Reads all frames of the data, one after another.
pub(super) struct ZstdReader<'a> {
    /// What comes behind the frame that is being read.
    rest: &'a [u8],
    frame: Option<StreamingDecoder<&'a [u8], FrameDecoder>>,
}

impl<'a> ZstdReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            frame: None,
        }
    }
}

impl Read for ZstdReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None if self.rest.is_empty() => return Ok(0),
                None => StreamingDecoder::new(self.rest).map_err(io::Error::other)?,
            };
            let count = frame.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                self.frame = Some(frame);
                return Ok(count);
            }
            self.rest = frame.into_inner();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a,b\n1,2\n`, stored without compression, in a frame of its own.
    fn frame(text: &[u8]) -> Vec<u8> {
        let size = u32::try_from(text.len()).expect("short");
        // Single segment with one byte for the size; the last block, raw.
        let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, text.len() as u8];
        bytes.extend(&(1 | (size << 3)).to_le_bytes()[..3]);
        bytes.extend(text);
        bytes
    }

    #[test]
    fn frames_follow_each_other_and_damage_is_an_error() {
        let bytes = [frame(b"a,b\n"), frame(b"1,2\n")].concat();
        let mut text = String::new();
        ZstdReader::new(&bytes)
            .read_to_string(&mut text)
            .expect("two frames");
        assert_eq!(text, "a,b\n1,2\n");
        let cut = &bytes[..bytes.len() - 2];
        assert!(ZstdReader::new(cut).read_to_string(&mut text).is_err());
    }
}

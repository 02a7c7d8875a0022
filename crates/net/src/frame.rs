use crate::hello::Hello;
use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Longest frame, counted from its kind on. A message of the payment protocol is below a kilobyte.
pub(crate) const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Longest message that can be sent, in bytes.
pub const MESSAGE_BYTES_MAX: usize = FRAME_BYTES_MAX - KIND_BYTES - SEQ_BYTES;

const LENGTH_BYTES: usize = 4;
const KIND_BYTES: usize = 1;
const SEQ_BYTES: usize = 8;

const KIND_HELLO: u8 = 1;
const KIND_MESSAGE: u8 = 2;
const KIND_ACKNOWLEDGE: u8 = 3;

/// One unit of a stream: its length, its kind, its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Who sends; the first frame of each direction and only that.
    Hello(Hello),
    /// A message of the node.
    Message { seq: u64, payload: Bytes },
    /// The messages up to `seq` are durable.
    Acknowledge { seq: u64 },
}

/// Bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// The length is above the limit.
    #[error("a frame of {0} bytes is too long")]
    TooLong(u32),
    /// The length is zero, or not what the kind needs.
    #[error("a frame of kind {kind} cannot have {length} bytes")]
    Length { kind: u8, length: usize },
    /// The kind does not exist.
    #[error("unknown kind of frame: {0}")]
    Kind(u8),
}

/// Appends a greeting to `buffer`.
pub(crate) fn put_hello(buffer: &mut BytesMut, hello: &Hello) {
    put_header(buffer, KIND_HELLO, Hello::LENGTH);
    buffer.put_slice(&hello.encode());
}

/// Appends a message to `buffer`. The payload must not be longer than [`MESSAGE_BYTES_MAX`].
pub(crate) fn put_message(buffer: &mut BytesMut, seq: u64, payload: &[u8]) {
    debug_assert!(payload.len() <= MESSAGE_BYTES_MAX, "checked when it was queued");
    put_header(buffer, KIND_MESSAGE, SEQ_BYTES + payload.len());
    buffer.put_u64(seq);
    buffer.put_slice(payload);
}

/// Appends an acknowledgement to `buffer`.
pub(crate) fn put_acknowledge(buffer: &mut BytesMut, seq: u64) {
    put_header(buffer, KIND_ACKNOWLEDGE, SEQ_BYTES);
    buffer.put_u64(seq);
}

fn put_header(buffer: &mut BytesMut, kind: u8, content_bytes: usize) {
    let length = u32::try_from(KIND_BYTES + content_bytes).expect("frames are below 2^32 bytes");
    buffer.put_u32(length);
    buffer.put_u8(kind);
}

/// Cuts a stream of bytes, which arrive in any pieces, into frames.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    buffer: BytesMut,
}

impl Decoder {
    /// Adds the next bytes of the stream.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next frame, or none if more bytes are needed.
    ///
    /// # Errors
    ///
    /// [`FrameError`], as soon as the bytes show it; the stream cannot be decoded any further.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some(length) = self.buffer.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let announced = u32::from_be_bytes(*length);
        let length = announced as usize;
        if length > FRAME_BYTES_MAX {
            return Err(FrameError::TooLong(announced));
        }
        if length == 0 {
            return Err(FrameError::Length { kind: 0, length });
        }
        let Some(&kind) = self.buffer.get(LENGTH_BYTES) else { return Ok(None) };
        check_length(kind, length - KIND_BYTES)?;
        if self.buffer.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        self.buffer.advance(LENGTH_BYTES + KIND_BYTES);
        let mut content = self.buffer.split_to(length - KIND_BYTES).freeze();
        Ok(Some(match kind {
            KIND_HELLO => {
                let bytes = content.first_chunk().expect("the length was checked");
                Frame::Hello(Hello::decode(bytes))
            }
            KIND_MESSAGE => Frame::Message { seq: content.get_u64(), payload: content },
            KIND_ACKNOWLEDGE => Frame::Acknowledge { seq: content.get_u64() },
            other => return Err(FrameError::Kind(other)),
        }))
    }
}

/// Checks the length of a frame's content, before the content has arrived.
fn check_length(kind: u8, length: usize) -> Result<(), FrameError> {
    let fits = match kind {
        KIND_HELLO => length == Hello::LENGTH,
        KIND_MESSAGE => length >= SEQ_BYTES,
        KIND_ACKNOWLEDGE => length == SEQ_BYTES,
        other => return Err(FrameError::Kind(other)),
    };
    if fits { Ok(()) } else { Err(FrameError::Length { kind, length }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn put(buffer: &mut BytesMut, frame: &Frame) {
        match frame {
            Frame::Hello(hello) => put_hello(buffer, hello),
            Frame::Message { seq, payload } => put_message(buffer, *seq, payload),
            Frame::Acknowledge { seq } => put_acknowledge(buffer, *seq),
        }
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        prop_oneof![
            vec(any::<u8>(), Hello::LENGTH)
                .prop_map(|bytes| { Frame::Hello(Hello::decode(bytes.first_chunk().unwrap())) }),
            (any::<u64>(), vec(any::<u8>(), 0..300))
                .prop_map(|(seq, payload)| Frame::Message { seq, payload: payload.into() }),
            any::<u64>().prop_map(|seq| Frame::Acknowledge { seq }),
        ]
    }

    /// Feeds `bytes` in pieces of the given sizes, in turn, and returns the frames found.
    fn decode(bytes: &[u8], sizes: &[usize]) -> Result<Vec<Frame>, FrameError> {
        let (mut decoder, mut frames, mut rest) = (Decoder::default(), Vec::new(), bytes);
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, tail) = rest.split_at((*size).min(rest.len()));
            decoder.feed(piece);
            while let Some(frame) = decoder.next_frame()? {
                frames.push(frame);
            }
            rest = tail;
        }
        Ok(frames)
    }

    proptest! {
        #[test]
        fn frames_are_read_as_written(
            frames in vec(any_frame(), 0..8), sizes in vec(1_usize..200, 1..5),
        ) {
            let mut bytes = BytesMut::new();
            frames.iter().for_each(|frame| put(&mut bytes, frame));
            prop_assert_eq!(decode(&bytes, &sizes), Ok(frames));
        }

        /// Law: any bytes are decoded or refused, and what is decoded is written back the same.
        #[test]
        fn any_bytes_are_decoded_or_refused(
            mut bytes in vec(any::<u8>(), 0..400), lengths in vec(0_u8..40, 0..40),
        ) {
            // Small length fields make frames likely.
            for (chunk, length) in bytes.chunks_mut(10).zip(lengths) {
                let header = [0, 0, 0, length, length % 5];
                let size = header.len().min(chunk.len());
                chunk[..size].copy_from_slice(&header[..size]);
            }
            if let Ok(frames) = decode(&bytes, &[64]) {
                let mut written = BytesMut::new();
                frames.iter().for_each(|frame| put(&mut written, frame));
                prop_assert!(bytes.starts_with(&written));
            }
        }
    }

    #[test]
    fn refuses_an_oversized_frame_before_it_arrives() {
        let mut decoder = Decoder::default();
        decoder.feed(&65_537_u32.to_be_bytes());
        assert_eq!(decoder.next_frame(), Err(FrameError::TooLong(65_537)));
    }

    #[test]
    fn carries_the_longest_message() {
        let payload = vec![7; MESSAGE_BYTES_MAX];
        let mut bytes = BytesMut::new();
        put_message(&mut bytes, 1, &payload);
        let expected = Frame::Message { seq: 1, payload: payload.into() };
        assert_eq!(decode(&bytes, &[1000]), Ok(vec![expected]));
    }

    #[test]
    fn refuses_wrong_lengths_and_kinds() {
        let cases: [(&[u8], FrameError); 4] = [
            (&[0, 0, 0, 0], FrameError::Length { kind: 0, length: 0 }),
            (&[0, 0, 0, 8, 3], FrameError::Length { kind: 3, length: 7 }),
            (&[0, 0, 0, 8, 2], FrameError::Length { kind: 2, length: 7 }),
            (&[0, 0, 0, 1, 9], FrameError::Kind(9)),
        ];
        for (bytes, error) in cases {
            assert_eq!(decode(bytes, &[10]), Err(error));
        }
    }
}

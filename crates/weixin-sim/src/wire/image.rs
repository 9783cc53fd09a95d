//! JPEG images: QR codes and generated avatars.

use jpeg_encoder::{ColorType, Encoder, EncodingError};
use qrcode::{Color, QrCode};
use sha2::{Digest, Sha256};

/// Width of WeChat's QR codes, in pixels.
const QR_WIDTH: usize = 430;
/// White modules around a QR code (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;
const QUALITY: u8 = 92;

/// Draws a QR code; `None` if the text is too long.
pub(crate) fn qr_code(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let modules = code.width() + 2 * QUIET_ZONE;
    let is_dark = |x: usize, y: usize| {
        let module = |pixel: usize| (pixel * modules / QR_WIDTH).checked_sub(QUIET_ZONE);
        match (module(x), module(y)) {
            (Some(x), Some(y)) if x < code.width() && y < code.width() => {
                code[(x, y)] == Color::Dark
            }
            _ => false,
        }
    };
    let pixels: Vec<u8> = (0..QR_WIDTH * QR_WIDTH)
        .map(|i| {
            if is_dark(i % QR_WIDTH, i / QR_WIDTH) {
                0
            } else {
                255
            }
        })
        .collect();
    jpeg(&pixels, QR_WIDTH, ColorType::Luma).ok()
}

/// Draws a mirrored pattern in one color, derived from the avatar ID.
pub(crate) fn avatar(id: &str, width: usize) -> Option<Vec<u8>> {
    const CELLS: usize = 7;
    let digest = Sha256::digest(id);
    let color = [digest[0] / 2 + 32, digest[1] / 2 + 48, digest[2] / 2 + 64];
    let is_drawn = |x: usize, y: usize| {
        let (column, row) = ((x * CELLS / width), (y * CELLS / width));
        let inside = (1..CELLS - 1).contains(&column) && (1..CELLS - 1).contains(&row);
        inside && digest[3 + row * 3 + column.min(CELLS - 1 - column)] % 2 == 0
    };
    let pixels: Vec<u8> = (0..width * width)
        .flat_map(|i| {
            if is_drawn(i % width, i / width) {
                color
            } else {
                [240, 242, 245]
            }
        })
        .collect();
    jpeg(&pixels, width, ColorType::Rgb).ok()
}

/// Draws the gray avatar of a withheld profile.
pub(crate) fn gray(width: usize) -> Option<Vec<u8>> {
    jpeg(&vec![200; width * width], width, ColorType::Luma).ok()
}

fn jpeg(pixels: &[u8], width: usize, color: ColorType) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    Encoder::new(&mut bytes, QUALITY).encode(pixels, width, width, color)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use rqrr::PreparedImage;
    use zune_jpeg::{JpegDecoder, zune_core::bytestream::ZCursor};

    use super::*;

    #[test]
    fn a_qr_reader_decodes_the_url() {
        let text = "http://127.0.0.1:9300/connect/confirm?uuid=081fNLs3OTjRKaOo";
        let picture = qr_code(text).unwrap();
        let mut decoder = JpegDecoder::new(ZCursor::new(&picture));
        let pixels = decoder.decode().unwrap();
        let samples = pixels.len() / (QR_WIDTH * QR_WIDTH);
        let mut image = PreparedImage::prepare_from_greyscale(QR_WIDTH, QR_WIDTH, |x, y| {
            pixels[(y * QR_WIDTH + x) * samples]
        });
        let (_, read) = image.detect_grids()[0].decode().unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn users_have_distinct_avatars() {
        let avatar_version: Vec<_> = ["a", "b", "c"].map(|id| avatar(id, 132).unwrap()).into();
        assert!(
            avatar_version[0] != avatar_version[1]
                && avatar_version[1] != avatar_version[2]
                && avatar_version[0] != avatar_version[2]
        );
        assert_eq!(avatar("a", 132).unwrap(), avatar_version[0]);
    }
}

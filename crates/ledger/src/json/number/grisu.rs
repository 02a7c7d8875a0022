//! The digits of doubles as RapidJSON chose them.
//!
//! Servers up to 1.3 and their clients wrote doubles with RapidJSON, whose algorithm, Grisu2, always
//! finds digits that give the double back, but of a third of all doubles with 17 digits not the
//! closest and of one in a thousand not the shortest ones. Ids and signatures cover these digits,
//! so they are found here in the same way, with the same 64-bit arithmetic.
//!
//! *Source:* F. Loitsch, *Printing Floating-Point Numbers Quickly and Accurately with Integers*
//! (PLDI 2010), §5; the choice of the power and the rounding are those of RapidJSON 1.0, checked
//! against it (`tests/vectors/rapidjson-doubles.txt`).

use super::powers;

/// A number `significand × 2^exponent`.
#[derive(Clone, Copy)]
struct Binary {
    significand: u64,
    exponent: i32,
}

impl Binary {
    /// Shifts the significand up to its 64th bit.
    const fn normalized(self) -> Self {
        let shift = self.significand.leading_zeros();
        Self {
            significand: self.significand << shift,
            exponent: self.exponent - shift.cast_signed(),
        }
    }

    /// Returns the product, of which the upper 64 bits are kept and rounded.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.significand) * u128::from(other.significand);
        let rounded = (product >> 64) + (product >> 63 & 1);
        Self {
            significand: u64::try_from(rounded).expect("two normalised factors leave room"),
            exponent: self.exponent + other.exponent + 64,
        }
    }
}

/// Returns the digits of a positive double, without zeros in front, and the power of ten that the
/// last digit counts.
pub(super) fn digits(double: f64) -> (String, i32) {
    let (value, upper, lower) = boundaries(double);
    let (power, ten_exponent) = power_for(upper.exponent);
    let upper = upper.times(power);
    let value = value.times(power);
    // One unit in the last place is what the arithmetic may be wrong by.
    let upper_significand = upper.significand - 1;
    let lower_significand = lower.times(power).significand + 1;
    let mut generator = Generator {
        digits: Vec::with_capacity(17),
        exponent: ten_exponent,
        fraction_bits: upper.exponent.unsigned_abs(),
    };
    generator.run(
        upper_significand,
        upper_significand - lower_significand,
        upper_significand - value.significand,
    );
    let digits = String::from_utf8(generator.digits).expect("digits are ASCII");
    (digits, generator.exponent)
}

/// Returns the double, and what is halfway to its neighbours above and below; the latter two have
/// the same exponent.
fn boundaries(double: f64) -> (Binary, Binary, Binary) {
    const HIDDEN: u64 = 1 << 52;
    let bits = double.to_bits();
    let (biased, fraction) = (bits >> 52 & 0x7ff, bits & (HIDDEN - 1));
    let exponent = i32::try_from(biased).expect("11 bits");
    let (significand, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | HIDDEN, exponent - 1075) };
    let upper = Binary { significand: 2 * significand + 1, exponent: exponent - 1 }.normalized();
    // Below a power of two the doubles are twice as dense.
    let lower = if significand == HIDDEN {
        Binary { significand: 4 * significand - 1, exponent: exponent - 2 }
    } else {
        Binary { significand: 2 * significand - 1, exponent: exponent - 1 }
    };
    let shift = lower.exponent - upper.exponent;
    let lower = Binary { significand: lower.significand << shift, exponent: upper.exponent };
    (Binary { significand, exponent }.normalized(), upper, lower)
}

/// Returns a power of ten that brings a number with this binary exponent near to 1, and the
/// exponent of its inverse.
fn power_for(exponent: i32) -> (Binary, i32) {
    const LOG10_OF_2: f64 = 0.301_029_995_663_981_14;
    // Exactly as RapidJSON computes it: another power would give other digits.
    let least = f64::from(-61 - exponent) * LOG10_OF_2 + f64::from(-powers::FIRST - 1);
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 700")]
    let least = least.ceil() as i32;
    let index = (least >> 3) + 1;
    let ten = powers::FIRST + index * powers::STEP;
    let index = usize::try_from(index).expect("the table covers all doubles");
    let significand = powers::SIGNIFICANDS[index];
    (Binary { significand, exponent: powers::exponent(ten) }, -ten)
}

struct Generator {
    digits: Vec<u8>,
    /// The power of ten that the last digit counts.
    exponent: i32,
    /// How many of the lower bits of a significand are behind the point.
    fraction_bits: u32,
}

impl Generator {
    /// Writes the digits of `upper` until what is left is within `width`, the distance of the
    /// boundaries. `distance` is how far the double is below `upper`.
    fn run(&mut self, upper: u64, mut width: u64, distance: u64) {
        let one = 1_u64 << self.fraction_bits;
        let (mut whole, mut fraction) = (upper >> self.fraction_bits, upper & (one - 1));
        for place in (0..digit_count(whole)).rev() {
            let ten = 10_u64.pow(place);
            self.push(whole / ten);
            whole %= ten;
            let rest = (whole << self.fraction_bits) + fraction;
            if rest <= width {
                self.exponent += place.cast_signed();
                return self.round(width, rest, ten << self.fraction_bits, distance);
            }
        }
        for place in 1_u32.. {
            fraction *= 10;
            width *= 10;
            self.push(fraction >> self.fraction_bits);
            fraction &= one - 1;
            if fraction < width {
                self.exponent -= place.cast_signed();
                // RapidJSON has no powers of ten beyond, and then does not round.
                let scale = if place < 9 { 10_u64.pow(place) } else { 0 };
                return self.round(width, fraction, one, distance.wrapping_mul(scale));
            }
        }
    }

    fn push(&mut self, digit: u64) {
        if digit > 0 || !self.digits.is_empty() {
            self.digits.push(b'0' + u8::try_from(digit).expect("one digit"));
        }
    }

    /// Lowers the last digit while that brings the number closer to the double.
    fn round(&mut self, width: u64, mut rest: u64, ten: u64, distance: u64) {
        let is_closer =
            |rest: u64| rest + ten < distance || distance - rest > rest + ten - distance;
        let Some(last) = self.digits.last_mut() else { return };
        while rest < distance && width - rest >= ten && is_closer(rest) {
            *last -= 1;
            rest += ten;
        }
    }
}

/// Returns how many decimal digits a number has; of zero one.
const fn digit_count(number: u64) -> u32 {
    match number.checked_ilog10() {
        Some(log) => log + 1,
        None => 1,
    }
}

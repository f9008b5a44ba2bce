//! Reads a date in the format that senders must use (RFC 9110 5.6.7).
//! Does not read the two obsolete formats, and reads no clock.

/// ```text
/// IMF-fixdate  = day-name "," SP date1 SP time-of-day SP GMT
/// date1        = 2DIGIT SP month SP 4DIGIT
/// time-of-day  = 2DIGIT ":" 2DIGIT ":" 2DIGIT   ; 00:00:00 to 23:59:60   RFC 9110 5.6.7
/// ```
///
/// Whether a value is one, with case, and names a day that exists and falls on that day of the
/// week (RFC 5322 3.3, whose semantics it has).
pub fn is_imf_fixdate(value: &[u8]) -> bool {
    let Some(date) = Date::parse(value) else {
        return false;
    };
    let leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    let days = if leap && date.month == 2 { 29 } else { DAYS[date.month - 1] };
    (1..=days).contains(&date.day)
        && date.hour <= 23
        && date.minute <= 59
        && date.second <= 60
        && date.weekday() == date.day_name
}

struct Date {
    /// 0 is Sunday.
    day_name: usize,
    day: usize,
    /// 1 is January.
    month: usize,
    year: usize,
    hour: usize,
    minute: usize,
    second: usize,
}

impl Date {
    /// Reads the parts at their places: `Sun, 06 Nov 1994 08:49:37 GMT`.
    fn parse(value: &[u8]) -> Option<Self> {
        let value: &[u8; 29] = value.try_into().ok()?;
        let literals = [(3, ","), (4, " "), (7, " "), (11, " "), (16, " "), (19, ":"), (22, ":")];
        if !value.ends_with(b" GMT")
            || literals.iter().any(|&(at, text)| !value[at..].starts_with(text.as_bytes()))
        {
            return None;
        }
        Some(Self {
            day_name: DAY_NAMES.iter().position(|name| **name == value[..3])?,
            day: number(&value[5..7])?,
            month: MONTHS.iter().position(|name| **name == value[8..11])? + 1,
            year: number(&value[12..16])?,
            hour: number(&value[17..19])?,
            minute: number(&value[20..22])?,
            second: number(&value[23..25])?,
        })
    }

    /// The day of the week in the Gregorian calendar, by Sakamoto's method.
    fn weekday(&self) -> usize {
        // January and February count to the year before; 400 years more are whole weeks.
        let year = self.year + 400 - usize::from(self.month < 3);
        (year + year / 4 - year / 100 + year / 400 + MONTH_SHIFTS[self.month - 1] + self.day) % 7
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0, |number, octet| {
        octet.is_ascii_digit().then(|| number * 10 + usize::from(octet - b'0'))
    })
}

const DAY_NAMES: [&[u8; 3]; 7] = [b"Sun", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const DAYS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTH_SHIFTS: [usize; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];

#[cfg(test)]
mod tests {
    use super::is_imf_fixdate;

    #[test]
    fn rfc9110_5_6_7_imf_fixdate() {
        let rows = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Tue, 24 Nov 2026 23:59:60 GMT", true),
            ("Thu, 29 Feb 2024 00:00:00 GMT", true),
            ("Sat, 01 Jan 0000 00:00:00 GMT", true),
            ("Mon, 06 Nov 1994 08:49:37 GMT", false),
            ("Wed, 29 Feb 2023 00:00:00 GMT", false),
            ("Sun, 00 Nov 1994 08:49:37 GMT", false),
            ("Sun, 06 Nov 1994 24:49:37 GMT", false),
            ("Sun, 06 Nov 1994 08:60:37 GMT", false),
            ("Sun, 06 Nov 1994 08:49:61 GMT", false),
            ("sun, 06 Nov 1994 08:49:37 GMT", false),
            ("Sun, 06 nov 1994 08:49:37 GMT", false),
            ("Sun, 06 Nov 1994 08:49:37 UTC", false),
            ("Sun,  6 Nov 1994 08:49:37 GMT", false),
            ("Sun, 6 Nov 1994 08:49:37 GMT", false),
            ("Sunday, 06-Nov-94 08:49:37 GMT", false),
            ("Sun Nov  6 08:49:37 1994", false),
            ("", false),
        ];
        for (value, want) in rows {
            assert_eq!(is_imf_fixdate(value.as_bytes()), want, "{value}");
        }
    }
}

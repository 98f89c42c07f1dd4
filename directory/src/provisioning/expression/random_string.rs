//! `RandomString` and `Guid`. The random bytes come from the context.

use super::Value;
use super::evaluate::{Call, Context, EvaluationError, Outcome, Problem};

const LONGEST: i64 = 256;
const NUMBERS: &str = "0123456789";
/// The special characters of Windows's password rules, to which Microsoft's page points.
const SPECIAL: &str = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/";
const CAPITAL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
/// The classes, in the order of the parameters behind the length.
const CLASSES: [&str; 4] = [NUMBERS, SPECIAL, CAPITAL, LOWER];

/// `Guid()`: a random id (RFC 9562 §5.4).
pub(super) fn guid(call: &Call<'_>) -> Outcome {
    let bytes = (call.context().random)();
    let sixteen: [u8; 16] = std::array::from_fn(|i| bytes[i]);
    Ok(uuid::Builder::from_random_bytes(sixteen).into_uuid().to_string().into())
}

/// `RandomString(Length, MinimumNumbers, MinimumSpecialCharacters, MinimumCapital, MinimumLowerCase,
/// CharactersToAvoid?)`: at least so many of each class, in random order. The rest is drawn from the
/// classes of which at least one is asked for, from all where none is (UNCONFIRMED; so that asking for no
/// special characters gives none, as Microsoft's first example shows).
pub(super) fn random_string(call: &Call<'_>) -> Outcome {
    let (length, minimums) = counts(call)?;
    let avoided = call.text(5)?.unwrap_or_default();
    let classes = CLASSES.map(|class| class.chars().filter(|c| !avoided.contains(*c)).collect::<Vec<_>>());
    let mut source = Source::new(call.context());
    let mut drawn = Vec::new();
    for (class, minimum) in classes.iter().zip(minimums) {
        for _ in 0..minimum {
            drawn.push(source.one_of(class).ok_or_else(|| nothing_left(call, &avoided))?);
        }
    }
    let none = minimums == [0; 4];
    let rest: Vec<char> =
        classes.iter().zip(minimums).filter(|(_, m)| none || *m > 0).flat_map(|(c, _)| c).copied().collect();
    while drawn.len() < length {
        drawn.push(source.one_of(&rest).ok_or_else(|| nothing_left(call, &avoided))?);
    }
    source.shuffle(&mut drawn);
    Ok(Value::Text(drawn.into_iter().collect()))
}

fn nothing_left(call: &Call<'_>, avoided: &str) -> EvaluationError {
    call.error(5, &avoided.into(), Problem::NothingToChooseFrom)
}

fn counts(call: &Call<'_>) -> Result<(usize, [usize; 4]), EvaluationError> {
    let mut numbers = [0; 5];
    for (i, number) in numbers.iter_mut().enumerate() {
        let value = call.integer(i)?.unwrap_or(0);
        let least = i64::from(i == 0);
        *number = usize::try_from(value)
            .ok()
            .filter(|_| (least..=LONGEST).contains(&value))
            .ok_or_else(|| call.error(i, &value.into(), Problem::OutOfRange(least, LONGEST)))?;
    }
    let [length, minimums @ ..] = numbers;
    let sum: usize = minimums.iter().sum();
    if sum > length {
        let problem = Problem::MinimumsExceedLength(super::text::whole(sum));
        return Err(call.error(0, &super::text::whole(length).into(), problem));
    }
    Ok((length, minimums))
}

/// Random bytes, drawn as they are needed.
struct Source<'a> {
    context: &'a Context<'a>,
    bytes: Vec<u8>,
}

impl<'a> Source<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        Self { context, bytes: Vec::new() }
    }

    /// A number below `limit` (1 to 256), each equally likely: bytes of the last, incomplete round are
    /// thrown away. A source that only gives such bytes is given up after 1,000.
    fn below(&mut self, limit: usize) -> usize {
        let fair = 256 - 256 % limit;
        for _ in 0..1_000 {
            if self.bytes.is_empty() {
                self.bytes.extend((self.context.random)());
            }
            let byte = usize::from(self.bytes.pop().unwrap_or_default());
            if byte < fair {
                return byte % limit;
            }
        }
        0
    }

    fn one_of(&mut self, class: &[char]) -> Option<char> {
        if class.is_empty() { None } else { Some(class[self.below(class.len())]) }
    }

    /// Fisher and Yates.
    fn shuffle(&mut self, all: &mut [char]) {
        for i in (1..all.len()).rev() {
            all.swap(i, self.below(i + 1));
        }
    }
}

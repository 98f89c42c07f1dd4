//! Names that a mistyped one may have meant.

/// At most three of `names`, the nearest first; none that differs in more than one letter and a quarter of its own.
pub(super) fn nearest(wrong: &str, names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    // Longer than any name: nothing is near, and the comparison would cost its square.
    if wrong.chars().count() > 40 {
        return Vec::new();
    }
    let wrong = wrong.to_lowercase();
    let mut found: Vec<(usize, &str)> = names
        .map(|name| (distance(&wrong, &name.to_lowercase()), name))
        .filter(|(far, name)| *far <= 1 + name.len() / 4)
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

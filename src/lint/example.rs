//! Dockerfiles that show what a rule is about; a test holds them against it.

/// What a rule finds fault with, and the same done well.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Lines of a `dockerfiles` section, for rules that a policy declares.
    pub policy: &'static str,
    pub bad: Sample,
    pub good: Sample,
}

/// A Dockerfile, with what must lie beside it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub dockerfile: &'static str,
    /// Further files of the build context: paths and texts.
    pub files: &'static [(&'static str, &'static str)],
}

impl Example {
    pub(super) const fn new(bad: &'static str, good: &'static str) -> Self {
        Self { policy: "", bad: Sample { dockerfile: bad, files: &[] }, good: Sample { dockerfile: good, files: &[] } }
    }

    /// Holds where a `dockerfiles` section has these lines.
    pub(super) const fn under(self, policy: &'static str) -> Self {
        Self { policy, ..self }
    }

    pub(super) const fn bad_beside(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.bad.files = files;
        self
    }

    pub(super) const fn good_beside(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.good.files = files;
        self
    }
}

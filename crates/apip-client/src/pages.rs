use crate::{Client, Code, Endpoint, Error, Fcdsl, Reply};

/// The pages of a query, one after the other; made by [`Client::pages`].
///
/// Each is a call, made when it is asked for. The end is where the directory has no more data, or
/// where as many items were seen as there are. An error ends the pages too.
#[derive(Debug)]
pub struct Pages<'a> {
    client: &'a Client,
    endpoint: Endpoint,
    fcdsl: Option<Fcdsl>,
    /// Whether `seen` counts from the first item on.
    is_from_start: bool,
    seen: u64,
    total: Option<u64>,
    is_over: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(client: &'a Client, endpoint: Endpoint, fcdsl: Option<Fcdsl>) -> Self {
        let is_from_start = fcdsl.as_ref().is_none_or(|fcdsl| fcdsl.cursor().is_none());
        Self { client, endpoint, fcdsl, is_from_start, seen: 0, total: None, is_over: false }
    }

    /// Returns how many items the pages had so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns how many items there are on all pages, as the newest page says.
    ///
    /// Where several have the same place in the order, those behind the last one of a page are
    /// skipped; then fewer are seen in the end.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    fn read(&mut self) -> Result<Option<Reply>, Error> {
        let reply = match self.client.query(&self.endpoint, self.fcdsl.as_ref()) {
            Ok(reply) => reply,
            Err(Error::Refused(refusal)) if refusal.code == Code::NoData => return Ok(None),
            Err(error) => return Err(error),
        };
        self.seen = self.seen.saturating_add(reply.got);
        self.total = Some(reply.total);
        let is_all = self.is_from_start && self.seen >= reply.total;
        match &reply.last {
            Some(last) if !is_all && reply.got > 0 => {
                let next = self.fcdsl.take().unwrap_or_default();
                if next.cursor() == Some(last) {
                    let url = self.client.directory().head().join(self.endpoint.as_str());
                    return Err(Error::Stuck { url });
                }
                self.fcdsl = Some(next.after(last.iter().cloned()));
            }
            Some(_) | None => self.is_over = true,
        }
        Ok(Some(reply))
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Reply, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.read().transpose();
        self.is_over |= !matches!(read, Some(Ok(_)));
        read
    }
}

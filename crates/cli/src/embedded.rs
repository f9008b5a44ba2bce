//! The embedded reference client as a client under test.

use tokio::sync::{mpsc, watch};
use upspec_exchange::Exit;
use upspec_reference::{ClientConfig, ClientEnd, ClientFault, ClientVariation, connect};
use upspec_runner::{Call, Started, Starter};

/// Starts reference clients within this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded {
    /// The fault that they have.
    pub fault: Option<&'static ClientFault>,
    /// The lawful way in which they are different.
    pub variation: Option<&'static ClientVariation>,
}

impl Starter for Embedded {
    fn start(&self, call: &Call) -> Result<Started, String> {
        let config = ClientConfig {
            ca: Some(call.ca.clone()),
            fault: self.fault,
            variation: self.variation,
            ..ClientConfig::for_url(String::from_utf8_lossy(&call.url))
        };
        let (tell, reports) = mpsc::channel(MOST_UNREAD);
        let (over, ended) = watch::channel(None);
        let task = tokio::spawn(async move {
            let mut report = |report: upspec_reference::ClientReport| {
                let _ = tell.try_send(report.to_json_line().into_bytes());
            };
            let end = connect(&config, &mut report).await;
            let status = match end {
                ClientEnd::Ok => 0,
                ClientEnd::Failed(_) => 1,
                // As a process of Rust that has panicked.
                ClientEnd::Died => 101,
            };
            over.send_replace(Some(Exit::Status(status)));
        });
        let hold = Box::new(Task(task));
        Ok(Started { reports, ended, last_lines: Box::new(Vec::new), hold })
    }

    fn takes_ca(&self) -> bool {
        true
    }
}

/// A client that ends when nobody holds it any more.
struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How many reports may wait to be read.
const MOST_UNREAD: usize = 1_000;

//! Asks the metadata service of an ECS in which region it runs.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::diag::{Wording, say};

/// Where every ECS finds its service, `host:port`.
pub(super) const SERVICE: &str = "169.254.169.254:80";
const PATH: &str = "/openstack/latest/meta_data.json";
/// A longer document is none of an ECS.
const LONGEST: u64 = 64 * 1024;

/// The machine's region, or why it is not known. Never through a proxy: that would ask for the proxy's region.
pub(super) async fn region(service: &str, limit: Duration) -> Result<String, Wording> {
    let answer = match timeout(limit, ask(service)).await {
        Err(_) => return Err(say!("no answer within {limit} s", "{limit} 秒内没有应答", limit = limit.as_secs_f32())),
        Ok(answer) => answer.map_err(|error| Wording::of_system(&error))?,
    };
    read(&answer).ok_or_else(|| {
        say!(
            "{url} does not answer as an ECS's does",
            "{url} 的应答不像 ECS 的元数据服务",
            url = format_args!("http://{service}{PATH}")
        )
    })
}

/// HTTP/1.0: the answer comes in one piece and ends with the connection.
async fn ask(service: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(service).await?;
    let host = service.strip_suffix(":80").unwrap_or(service);
    stream.write_all(format!("GET {PATH} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer).await?;
    Ok(answer)
}

fn read(answer: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        region_id: String,
    }
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let is_ok = head.starts_with("HTTP/1.") && head.split_ascii_whitespace().nth(1) == Some("200");
    let metadata: Metadata = is_ok.then(|| serde_json::from_str(body).ok()).flatten()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let region = metadata.region_id;
    (!region.is_empty() && region.len() <= 64 && region.chars().all(is_plain)).then_some(region)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    async fn said(answer: &'static str) -> Result<String, Wording> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /openstack/latest/meta_data.json HTTP/1.0\r\nHost: 127.0.0.1"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        region(&service, LIMIT).await
    }

    #[tokio::test]
    async fn the_region_is_read() {
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"region_id\": \"cn-north-4\", \"x\": 1}";
        assert_eq!(said(answer).await.unwrap(), "cn-north-4");
    }

    #[tokio::test]
    async fn another_clouds_answer_is_no_region() {
        for answer in ["", "HTTP/1.1 404 Not Found\r\n\r\n{}", "HTTP/1.1 200 OK\r\n\r\n{\"region_id\": \"../../x\"}"] {
            assert!(
                said(answer).await.unwrap_err().english().ends_with("does not answer as an ECS's does"),
                "{answer}"
            );
        }
    }

    #[tokio::test]
    async fn a_service_that_is_silent_is_not_waited_for() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let limit = Duration::from_millis(200);
        let said = region(&silent.local_addr().unwrap().to_string(), limit).await;
        assert_eq!(said.unwrap_err().english(), "no answer within 0.2 s");
    }
}

// reqwest with each of its TLS backends that reads the machine's roots: `chat native-tls MESSAGE`.
use std::error::Error;
use std::io::{BufRead, BufReader};

use reqwest::blocking::{Client, Response};
use serde_json::{json, Value};

const URL: &str = "https://api.openai.com/v1/chat/completions";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let backend = args.next().ok_or("native-tls or rustls")?;
    let message = args.next().ok_or("a message")?;
    let client = match backend.as_str() {
        "native-tls" => Client::builder().use_native_tls(),
        _ => Client::builder().use_rustls_tls(),
    }
    .build()?;

    let answer: Value = post(&client, &message, false)?.json()?;
    println!("JSON {}", content(&answer["choices"][0]["message"]));

    let mut text = String::new();
    for line in BufReader::new(post(&client, &message, true)?).lines() {
        let line = line?;
        if let Some(data) = line.strip_prefix("data: ").filter(|d| d.starts_with('{')) {
            let chunk: Value = serde_json::from_str(data)?;
            text += content(&chunk["choices"][0]["delta"]);
        }
    }
    println!("SSE {text}");
    Ok(())
}

fn post(client: &Client, message: &str, stream: bool) -> Result<Response, Box<dyn Error>> {
    let mut body = json!({
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": message}],
    });
    if stream {
        body["stream"] = json!(true);
    }
    let key = std::env::var("OPENAI_API_KEY")?;
    Ok(client.post(URL).bearer_auth(key).json(&body).send()?.error_for_status()?)
}

fn content(message: &Value) -> &str {
    message["content"].as_str().unwrap_or("")
}

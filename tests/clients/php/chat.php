<?php
// The curl extension, on which Guzzle and Symfony's client stand.

const URL = 'https://api.openai.com/v1/chat/completions';

function post(array $body): string
{
    $curl = curl_init(URL);
    curl_setopt_array($curl, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FAILONERROR => true,
        CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Authorization: Bearer ' . getenv('OPENAI_API_KEY')],
        CURLOPT_POSTFIELDS => json_encode($body),
    ]);
    $answer = curl_exec($curl);
    if ($answer === false) {
        fwrite(STDERR, curl_error($curl) . "\n");
        exit(1);
    }
    return $answer;
}

$body = ['model' => 'gpt-4o-mini', 'messages' => [['role' => 'user', 'content' => $argv[1]]]];

echo 'JSON ', json_decode(post($body))->choices[0]->message->content, "\n";

preg_match_all('/^data: (\{.*)$/m', post($body + ['stream' => true]), $lines);
$texts = array_map(fn ($data) => json_decode($data)->choices[0]->delta->content ?? '', $lines[1]);
echo 'SSE ', implode('', $texts), "\n";

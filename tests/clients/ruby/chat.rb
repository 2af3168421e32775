require "json"
require "net/http"

URL = URI("https://api.openai.com/v1/chat/completions")
BODY = { model: "gpt-4o-mini", messages: [{ role: "user", content: ARGV[0] }] }.freeze
HEADERS = { "Content-Type" => "application/json", "Authorization" => "Bearer #{ENV.fetch('OPENAI_API_KEY')}" }.freeze

def post(body)
  response = Net::HTTP.post(URL, JSON.dump(body), HEADERS)
  response.value # raises unless it is a success
  response.body.force_encoding("UTF-8")
end

puts "JSON #{JSON.parse(post(BODY)).dig('choices', 0, 'message', 'content')}"

chunks = post(BODY.merge(stream: true)).scan(/^data: (\{.*)$/).map { |(data)| JSON.parse(data) }
puts "SSE #{chunks.map { |chunk| chunk.dig('choices', 0, 'delta', 'content') }.join}"

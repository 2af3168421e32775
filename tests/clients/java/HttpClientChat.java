import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The JDK's own client: `java HttpClientChat.java MESSAGE`, the message without quotes or escapes. */
public class HttpClientChat {
    private static final URI CHAT = URI.create("https://api.openai.com/v1/chat/completions");
    private static final Pattern CONTENT = Pattern.compile("\"content\"\\s*:\\s*\"([^\"]*)\"");

    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String answer = client.send(request(args[0], ""), BodyHandlers.ofString()).body();
        System.out.println("JSON " + content(Stream.of(answer)));
        Stream<String> lines = client.send(request(args[0], ",\"stream\":true"), BodyHandlers.ofLines()).body();
        System.out.println("SSE " + content(lines));
    }

    private static HttpRequest request(String message, String more) {
        String body = "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"" + message + "\"}]" + more + "}";
        return HttpRequest.newBuilder(CHAT)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    }

    private static String content(Stream<String> lines) {
        return lines.flatMap(line -> CONTENT.matcher(line).results()).map(m -> m.group(1)).collect(Collectors.joining());
    }
}

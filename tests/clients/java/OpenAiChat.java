import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.util.stream.Collectors;

/** The official SDK, which is OkHttp underneath. */
public class OpenAiChat {
    public static void main(String[] args) {
        OpenAIClient client = OpenAIOkHttpClient.builder().fromEnv().maxRetries(0).build();
        ChatCompletionCreateParams params = ChatCompletionCreateParams.builder()
            .model("gpt-4o-mini")
            .addUserMessage(args[0])
            .build();

        String answer = client.chat().completions().create(params).choices().get(0).message().content().orElse("");
        System.out.println("JSON " + answer);

        try (var stream = client.chat().completions().createStreaming(params)) {
            String text = stream.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .map(choice -> choice.delta().content().orElse(""))
                .collect(Collectors.joining());
            System.out.println("SSE " + text);
        }
        System.exit(0); // OkHttp's idle threads would keep the JVM for another minute
    }
}

package weixin.sim.junit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/** The simulator of this test run. It ends with the JVM, even if that is killed, because its standard input ends then. */
final class Simulator implements CloseableResource {
    private final Process process;
    private final Path messages;
    private final String url;

    Simulator() {
        try {
            messages = Files.createTempFile("weixin-sim-", ".log");
            messages.toFile().deleteOnExit();
            process = new ProcessBuilder(find(), "--json", "sim", "--listen", "127.0.0.1:0", "--until-stdin-ends")
                .redirectError(messages.toFile()).start();
            CompletableFuture.delayedExecutor(30, TimeUnit.SECONDS).execute(this::killUnlessReady);
            url = ready();
        } catch (IOException error) {
            throw new SimulatorException("the WeChat simulator does not start: " + error.getMessage(), error);
        }
    }

    private static String find() {
        var named = System.getenv("WEIXIN_BIN");
        var candidates = named != null ? Stream.of(named)
            : Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(directory -> Stream.of(directory + "/weixin", directory + "/weixin.exe"));
        return candidates.filter(file -> Files.isExecutable(Path.of(file)) && !Files.isDirectory(Path.of(file))).findFirst()
            .orElseThrow(() -> new SimulatorException((named != null ? "WEIXIN_BIN is " + named + ", which is not a program"
                : "there is no program weixin on PATH") + ": `pip install weixin-cli` installs it; or set WEIXIN_BIN to its path"));
    }

    /** Waits for the JSON object that the program prints when it is ready. */
    private String ready() throws IOException {
        var text = new StringBuilder();
        for (var line = readLine(); line != null; line = readLine()) {
            text.append(line);
            if (!line.equals("}")) continue;
            if (Json.parse(text.toString()) instanceof Map<?, ?> ready && ready.get("url") instanceof String found) return found;
        }
        close();
        throw new SimulatorException("the WeChat simulator does not start: " + text + Files.readString(messages));
    }

    private String readLine() throws IOException {
        return process.inputReader().readLine();
    }

    private void killUnlessReady() {
        if (url == null) process.destroyForcibly();
    }

    /** Throws an exception with exit code and messages if the program has ended. */
    void check() {
        if (process.isAlive()) return;
        try {
            throw new SimulatorException("the WeChat simulator has ended with exit code " + process.exitValue() + ": " + Files.readString(messages));
        } catch (IOException error) {
            throw new SimulatorException("the WeChat simulator has ended with exit code " + process.exitValue(), error);
        }
    }

    WeixinSim open() {
        check();
        var opened = new WeixinSim(url, null).control("POST", "/worlds", Map.of("idle_seconds", 86400));
        return new WeixinSim((String) ((Map<?, ?>) opened).get("url"), (String) ((Map<?, ?>) opened).get("id"));
    }

    /** Ends the program, and waits until it has ended. */
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly();
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}

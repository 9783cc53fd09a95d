package weixin.sim.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** What JUnit reports, for tests written with the extension. */
class FailuresTest {
    static TestExecutionSummary run(Class<?> tests) {
        var listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build(), listener);
        return listener.getSummary();
    }

    static String messages(TestExecutionSummary summary) {
        return summary.getFailures().stream()
            .map(one -> one.getTestIdentifier().getDisplayName() + ": " + one.getException().getMessage())
            .collect(Collectors.joining("\n"));
    }

    static void openWithShortState(WeixinSim sim) throws Exception {
        Site.open(Site.login(sim).replace("0123456789abcdef0123", "s1"));
    }

    @WithWeixinSim
    static class Unsafe {
        @Test
        void unsafe(WeixinSim sim) throws Exception {
            openWithShortState(sim);
        }

        @Test
        void correct(WeixinSim sim) {}

        @Test
        @AcceptFindings("state-short")
        void accepted(WeixinSim sim) throws Exception {
            openWithShortState(sim);
        }
    }

    @Test
    void aFindingFailsItsTestByNameWithTheRemedy() {
        var summary = run(Unsafe.class);
        assertEquals(2, summary.getTestsSucceededCount());
        assertEquals("""
            unsafe(WeixinSim): requests that WeChat would reject, or that are unsafe:
            state-short (unsafe): use at least 16 random characters: a short state can be guessed
                sent: state=s1
                to accept the rule: @AcceptFindings("state-short")""", messages(summary));
    }

    @WithWeixinSim
    static class FailsAnyway {
        @Test
        void unsafe(WeixinSim sim) throws Exception {
            openWithShortState(sim);
            assertNull(sim);
        }
    }

    @Test
    void aTestThatFailsAnywayShowsItsFindings() {
        var error = run(FailsAnyway.class).getFailures().get(0).getException();
        assertTrue(error.getSuppressed()[0].getMessage().contains("state-short"));
    }

    @WithWeixinSim
    @AcceptFindings("state-shrot")
    static class UnknownRule {
        @Test
        void site(WeixinSim sim) {}
    }

    @Test
    void anUnknownRuleIsAnErrorThatListsAll() {
        assertTrue(messages(run(UnknownRule.class)).contains("state-short"));
    }

    @WithWeixinSim(shared = true)
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Shared {
        static String url;

        @BeforeAll
        static void startServer(WeixinSim sim) {
            url = sim.url();
        }

        @Test
        void first(WeixinSim sim) {
            assertEquals(url, sim.url());
            sim.addApp("wx1111111111111111", Map.of());
        }

        @Test
        void second(WeixinSim sim) {
            assertEquals(url, sim.url());
            assertEquals(4, ((List<?>) sim.control("GET", "/apps", Map.of())).size());
        }
    }

    @Test
    void aSharedWorldIsResetBeforeEachTest() {
        assertEquals("", messages(run(Shared.class)));
    }

    @WithWeixinSim
    static class OneWorld {
        @RepeatedTest(2)
        void site(WeixinSim sim) {
            assertEquals(1, ((List<?>) sim.control("GET", "/worlds", Map.of())).size());
        }
    }

    @Test
    void aWorldEndsWithItsTest() {
        assertEquals("", messages(run(OneWorld.class)));
    }

    @WithWeixinSim
    static class NotShared {
        @BeforeAll
        static void startServer(WeixinSim sim) {}

        @Test
        void site() {}
    }

    @Test
    void aWorldForAllTestsMustBeShared() {
        assertTrue(messages(run(NotShared.class)).contains("use @WithWeixinSim(shared = true)"));
    }

    @WithWeixinSim
    static class Dies {
        @Test
        void dies(WeixinSim sim) {
            // The last child process is the simulator of this run.
            var simulator = ProcessHandle.current().children()
                .max(Comparator.comparing(child -> child.info().startInstant().get()));
            simulator.get().destroyForcibly();
            simulator.get().onExit().join();
        }
    }

    @Test
    void aSimulatorThatDiesFailsItsTest() {
        var found = messages(run(Dies.class));
        assertTrue(found.contains("the WeChat simulator has ended with exit code 137"), found);
    }

    /** Runs a class in a JVM of its own; returns what it prints. */
    static String inner(Class<?> tests, String name, String value) throws Exception {
        var java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
            System.getProperty("java.class.path"), FailuresTest.class.getName(), tests.getName()).redirectErrorStream(true);
        java.environment().put(name, value);
        var process = java.start();
        process.getOutputStream().close();
        return new String(process.getInputStream().readAllBytes());
    }

    public static void main(String[] arguments) throws ClassNotFoundException {
        System.out.println(messages(run(Class.forName(arguments[0]))));
        System.exit(0);
    }

    @Test
    void aMissingProgramSaysHowToInstallIt(@TempDir Path directory) throws Exception {
        var missing = inner(Unsafe.class, "WEIXIN_BIN", "/nowhere/weixin");
        assertTrue(missing.contains("WEIXIN_BIN is /nowhere/weixin, which is not a program: `pip install weixin-cli`"), missing);
        var other = Files.writeString(directory.resolve("weixin"), "#!/bin/sh\necho hello\n");
        assertTrue(other.toFile().setExecutable(true));
        var printed = inner(Unsafe.class, "WEIXIN_BIN", other.toString());
        assertTrue(printed.contains("the WeChat simulator does not start: hello"), printed);
    }

    @Test
    void aSimulatorThatDoesNotStartSaysWhy() throws Exception {
        var printed = inner(Unsafe.class, "WEIXIN_SIM_CONFIG", "missing.toml");
        assertTrue(printed.contains("missing.toml: No such file"), printed);
    }

    @WithWeixinSim
    static class Killed {
        @Test
        void killed(WeixinSim sim) throws Exception {
            var simulator = ProcessHandle.current().children().findFirst().get();
            Files.writeString(Path.of(System.getenv("PID_FILE")), String.valueOf(simulator.pid()));
            Runtime.getRuntime().halt(9);
        }
    }

    @Test
    void theSimulatorEndsWhenTheJvmIsKilled(@TempDir Path directory) throws Exception {
        var file = directory.resolve("pid");
        inner(Killed.class, "PID_FILE", file.toString());
        var simulator = ProcessHandle.of(Long.parseLong(Files.readString(file)));
        if (simulator.isPresent()) simulator.get().onExit().get(10, TimeUnit.SECONDS);
    }
}

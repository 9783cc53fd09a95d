package weixin.sim.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What a test can do with a world. The tests run in parallel. */
@WithWeixinSim
@Execution(ExecutionMode.CONCURRENT)
class WeixinSimTest {
    @Test
    void aUserScansAndLogsIn(WeixinSim sim) throws Exception {
        var callback = sim.scan(Site.login(sim), "anna");
        assertEquals("Anna Weber", Site.profile(sim, Site.token(sim, "website", callback)).get("nickname"));
    }

    @Test
    void aLoginAtTheHostsOfWeChatIsOpenedInTheWorld(WeixinSim sim) {
        var page = Site.loginUrl("https://open.weixin.qq.com", "wx0123456789abcdef", "snsapi_login", "0123456789abcdef0123");
        assertTrue(sim.scan(page + "#wechat_redirect", null).startsWith(Site.CALLBACK + "?code="));
        assertEquals("open.weixin.qq.com", sim.requests("/connect/qrconnect").get(0).get("host"));
    }

    @Test
    void aLoginPageThatABrowserOpensIsAwaited(WeixinSim sim) throws Exception {
        var browser = new Thread(() -> {
            try {
                Site.open(Site.login(sim));
            } catch (Exception error) {
                throw new AssertionError(error);
            }
        });
        browser.start();
        assertNotNull(Site.code(sim.scan(null, "layla")));
        browser.join();
    }

    @Test
    void aRefusedLoginCanBeScannedAgain(WeixinSim sim) {
        sim.refuse(Site.login(sim));
        var logins = (List<?>) sim.control("GET", "/logins", Map.of());
        assertEquals("canceled", ((Map<?, ?>) logins.get(0)).get("stage"));
    }

    @Test
    void anOfficialAccountAsksInsideWeChat(WeixinSim sim) throws Exception {
        var app = (String) sim.app("official-account").get("id");
        var asked = Site.loginUrl(sim.url(), app, "snsapi_userinfo", "0123456789abcdef0001");
        var silent = Site.loginUrl(sim.url(), app, "snsapi_base", "0123456789abcdef0002");
        var token = Site.token(sim, "official-account", sim.openInWeChat(asked, "layla"));
        assertEquals("ليلى بنت أحمد (layla)", Site.profile(sim, token).get("nickname"));
        assertEquals("snsapi_base", Site.token(sim, "official-account", sim.openInWeChat(silent, "layla")).get("scope"));
        assertEquals("authdeny", Site.code(sim.refuseInWeChat(asked, null)));
    }

    @Test
    void tokensExpireWhenTheClockAdvances(WeixinSim sim) throws Exception {
        var token = Site.token(sim, "website", sim.scan(Site.login(sim), null));
        sim.advance(Duration.ofHours(2).plusSeconds(1));
        assertEquals(42001L, Site.profile(sim, token).get("errcode"));
    }

    @Test
    void theClockOfAnotherTestStays(WeixinSim sim) {
        var now = (long) (Long) ((Map<?, ?>) sim.control("GET", "/clock", Map.of())).get("now");
        assertTrue(Math.abs(now - System.currentTimeMillis() / 1000) < 60);
    }

    @Test
    void aFaultStrikesAsOftenAsItSays(WeixinSim sim) throws Exception {
        var token = Site.token(sim, "website", sim.scan(Site.login(sim), null));
        sim.fault(Map.of("effect", Map.of("errcode", -1), "path", "/sns/userinfo", "times", 1));
        assertEquals(-1L, Site.profile(sim, token).get("errcode"));
        assertNotNull(Site.profile(sim, token).get("nickname"));
    }

    @Test
    void anAppIsRegisteredWithItsCallbackDomain(WeixinSim sim) {
        var app = sim.addApp("wx1111111111111111", Map.of("callback_domains", List.of("www.example.com"), "name", "小\"店\"\\"));
        assertEquals(List.of("www.example.com"), app.get("callback_domains"));
        assertEquals("小\"店\"\\", app.get("name"));
    }

    @Test
    void aMiniProgramExchangesItsCode(WeixinSim sim) throws Exception {
        var app = sim.app("mini-program");
        assertNotNull(Site.get(sim, "/sns/jscode2session", Map.of("appid", app.get("id"), "secret", app.get("secret"),
            "js_code", sim.jsCode("layla"), "grant_type", "authorization_code")).get("session_key"));
    }

    @Test
    void findingsOfLocalDevelopmentDoNotFail(WeixinSim sim) {
        sim.scan(Site.login(sim), null);
        assertEquals(List.of(false, false), sim.findings().stream().map(one -> one.get("fails")).toList());
        assertEquals("weixin.sim.junit.WeixinSimTest.findingsOfLocalDevelopmentDoNotFail", sim.findings().get(0).get("test"));
    }

    @Test
    @AcceptFindings("scope")
    void errorsSayWhatToDo(WeixinSim sim) {
        assertMessage("give the URL to which your site redirects", () -> sim.scan("http://localhost:5000/login", null));
        assertMessage("unknown user: expected one of xiaoming", () -> sim.scan(Site.login(sim), "nobody"));
        var wrong = Site.loginUrl(sim.url(), "wx0123456789abcdef", "snsapi_nonsense", "0123456789abcdef0123");
        assertMessage("WeChat's page rejects this login", () -> sim.scan(wrong.replace("oauth2/authorize", "qrconnect"), null));
    }

    private static void assertMessage(String part, Executable executable) {
        var message = assertThrows(SimulatorException.class, executable).getMessage();
        assertTrue(message.contains(part), message);
    }
}

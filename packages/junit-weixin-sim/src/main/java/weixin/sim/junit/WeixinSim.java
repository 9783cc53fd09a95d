package weixin.sim.junit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * WeChat for one test, with a clock, apps, users, faults, a log and findings of its own. Users are IDs or nicknames, such as
 * {@code layla}; null is the first. JSON objects are maps, and JSON arrays are lists.
 */
public final class WeixinSim {
    private static final String WECHAT =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI";
    private static final Pattern QR_CODE = Pattern.compile("/connect/qrcode/([^\"]+)");
    private static final Pattern QUESTION = Pattern.compile("action=\"(/_sim/phone/[^\"?]+)\"");
    private static final Pattern HEADING = Pattern.compile("(?s)<h1[^>]*>(.*?)</h1>");

    private final String url;
    private final String world;
    private final HttpClient direct = HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).build();
    private final HttpClient asWeChat;

    WeixinSim(String url, String world) {
        this.url = url;
        this.world = world;
        var address = new InetSocketAddress(URI.create(url).getHost(), URI.create(url).getPort());
        asWeChat = HttpClient.newBuilder().proxy(ProxySelector.of(address)).build();
    }

    /** The URL to use instead of https://open.weixin.qq.com and https://api.weixin.qq.com. */
    public String url() {
        return url;
    }

    /** Calls the control API below /_sim/api, such as {@code control("POST", "/users/layla/change-password", Map.of())}. */
    public Object control(String method, String path, Map<String, ?> members) {
        var response = send(direct, request(url + "/_sim/api" + path).method(method, HttpRequest.BodyPublishers.ofString(Json.write(members))));
        if (response.statusCode() >= 400) throw new SimulatorException(
            "the WeChat simulator rejects %s %s: %d %s".formatted(method, path, response.statusCode(), response.body()));
        return Json.parse(response.body());
    }

    /** Returns the first app of a kind, with id and secret: website, official-account, mobile-app or mini-program. */
    public Map<String, Object> app(String kind) {
        return list("/apps?secrets=true").stream().filter(app -> app.get("kind").equals(kind)).findFirst()
            .orElseThrow(() -> new SimulatorException("the simulator has no " + kind + " app: register one with addApp"));
    }

    /** Registers an app, with kind, secret, callback_domains and others; returns it. The default is a website. */
    public Map<String, Object> addApp(String id, Map<String, ?> members) {
        return object(control("PUT", "/apps/" + id, members));
    }

    /**
     * Scans the QR code of a login page and allows the login; returns the callback's URL.
     *
     * @param loginUrl the URL to which the site redirects the browser; if it is null, a browser opens it, and its QR code
     *     is awaited
     */
    public String scan(String loginUrl, String user) {
        return (String) object(control("POST", "/logins/" + qrCode(loginUrl) + "/allow", person(user))).get("redirect_url");
    }

    /** Scans the QR code and cancels. The browser stays on the login page, where the code can be scanned again. */
    public void refuse(String loginUrl) {
        control("POST", "/logins/" + qrCode(loginUrl) + "/cancel", Map.of());
    }

    /** Opens an official account's login inside WeChat and allows it; returns the callback's URL. */
    public String openInWeChat(String loginUrl, String user) {
        return inWeChat(loginUrl, user, "allow");
    }

    /** Opens an official account's login inside WeChat and cancels it; returns the callback's URL. */
    public String refuseInWeChat(String loginUrl, String user) {
        return inWeChat(loginUrl, user, "cancel");
    }

    /** Opens a mini program; returns the code of its {@code wx.login}. */
    public String jsCode(String user) {
        return (String) object(control("POST", "/apps/" + app("mini-program").get("id") + "/wx-login", person(user))).get("code");
    }

    /** Moves the clock forward, by whole seconds. */
    public void advance(Duration by) {
        control("POST", "/clock", Map.of("advance_seconds", by.toSeconds()));
    }

    /** Adds a fault, such as {@code Map.of("effect", Map.of("errcode", -1), "path", "/sns/userinfo")}; returns it. */
    public Map<String, Object> fault(Map<String, ?> members) {
        return object(control("POST", "/faults", members));
    }

    /** Returns the requests so far to a path, or all if it is null; with masked secrets. */
    public List<Map<String, Object>> requests(String path) {
        return list("/requests").stream().filter(one -> path == null || path.equals(one.get("path"))).toList();
    }

    /** Returns the findings so far. Those with {@code fails} fail the test. */
    public List<Map<String, Object>> findings() {
        return list("/findings");
    }

    void close() {
        control("DELETE", "/worlds/" + world, Map.of());
    }

    private String qrCode(String loginUrl) {
        if (loginUrl == null) {
            var opened = object(control("POST", "/wait-for", Map.of("login", Map.of("step", "opened"))));
            return (String) object(opened.get("login")).get("uuid");
        }
        var page = open(loginUrl, Map.of());
        page.headers().firstValue("Location").ifPresent(callback -> {
            throw new SimulatorException("no phone is needed: the login page has redirected to " + callback);
        });
        var found = QR_CODE.matcher(page.body());
        if (!found.find()) throw rejected(page.body());
        return found.group(1);
    }

    private String inWeChat(String loginUrl, String user, String action) {
        var page = open(loginUrl, Map.of("User-Agent", WECHAT, "Cookie", user == null ? "" : "weixin-sim-user=" + user));
        var question = QUESTION.matcher(page.body());
        if (question.find()) {
            var form = "action=" + action + (user == null ? "" : "&user=" + URLEncoder.encode(user, StandardCharsets.UTF_8));
            page = send(direct, request(url + question.group(1)).header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)));
        }
        var body = page.body();
        return page.headers().firstValue("Location").orElseThrow(() -> rejected(body));
    }

    /** Opens a login page in this world, also if the URL is WeChat's own: the world is the proxy of its hosts then. */
    private HttpResponse<String> open(String loginUrl, Map<String, String> headers) {
        var login = URI.create(loginUrl);
        var isWeChat = login.getHost() != null && login.getHost().endsWith(".qq.com");
        if (!isWeChat && !loginUrl.startsWith(url + "/"))
            throw new SimulatorException(loginUrl + " is no login page of WeChat: give the URL to which your site redirects");
        var request = request(isWeChat ? loginUrl.replaceFirst("^https:", "http:") : loginUrl);
        headers.forEach(request::header);
        if (isWeChat) request.header("X-Forwarded-Proto", login.getScheme());
        return send(isWeChat ? asWeChat : direct, request.GET());
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).version(HttpClient.Version.HTTP_1_1).timeout(Duration.ofSeconds(90));
    }

    private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) {
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new SimulatorException("the WeChat simulator does not respond: has it ended?", error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new SimulatorException("the test was interrupted", error);
        }
    }

    private static SimulatorException rejected(String page) {
        var found = HEADING.matcher(page);
        return new SimulatorException("WeChat's page rejects this login: " + (found.find() ? found.group(1).strip() : page));
    }

    private static Map<String, Object> person(String user) {
        var members = new HashMap<String, Object>();
        members.put("user", user);
        return members;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object json) {
        return (Map<String, Object>) json;
    }

    @SuppressWarnings("unchecked")
    private List<Map<String, Object>> list(String path) {
        return (List<Map<String, Object>>) control("GET", path, Map.of());
    }
}

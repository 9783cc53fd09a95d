package weixin.sim.junit;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The parts of a site that call WeChat. */
final class Site {
    static final String CALLBACK = "http://localhost:5000/callback";

    static String loginUrl(String base, String app, String scope, String state) {
        return base + (scope.equals("snsapi_login") ? "/connect/qrconnect?" : "/connect/oauth2/authorize?") + "appid=" + app
            + "&redirect_uri=" + URLEncoder.encode(CALLBACK, StandardCharsets.UTF_8)
            + "&response_type=code&scope=" + scope + "&state=" + state;
    }

    static String login(WeixinSim sim) {
        return loginUrl(sim.url(), "wx0123456789abcdef", "snsapi_login", "0123456789abcdef0123");
    }

    static Map<?, ?> get(WeixinSim sim, String path, Map<String, ?> query) throws Exception {
        var encoded = query.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).collect(Collectors.joining("&"));
        return (Map<?, ?>) Json.parse(open(sim.url() + path + "?" + encoded));
    }

    static String open(String url) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8)).body();
    }

    static String code(String callback) {
        var found = Pattern.compile("[?&]code=([^&]+)").matcher(callback);
        return found.find() ? found.group(1) : null;
    }

    static Map<?, ?> token(WeixinSim sim, String kind, String callback) throws Exception {
        var app = sim.app(kind);
        return get(sim, "/sns/oauth2/access_token", Map.of("appid", app.get("id"), "secret", app.get("secret"),
            "code", code(callback), "grant_type", "authorization_code"));
    }

    static Map<?, ?> profile(WeixinSim sim, Map<?, ?> token) throws Exception {
        return get(sim, "/sns/userinfo", Map.of("access_token", token.get("access_token"), "openid", token.get("openid")));
    }

    private Site() {}
}

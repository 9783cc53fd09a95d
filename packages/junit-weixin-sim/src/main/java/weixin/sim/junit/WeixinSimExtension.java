package weixin.sim.junit;

import static org.junit.platform.commons.support.AnnotationSupport.findAnnotation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Opens a world for each test, and fails the test if a finding does. {@link WithWeixinSim} registers it. */
public final class WeixinSimExtension
    implements BeforeEachCallback, AfterTestExecutionCallback, AfterEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(WeixinSimExtension.class);

    @Override
    public void beforeEach(ExtensionContext context) {
        var sim = isShared(context) ? shared(context) : simulator(context).open();
        context.getStore(NAMESPACE).put("sim", sim);
        if (isShared(context)) sim.control("POST", "/reset", Map.of());
        var name = context.getRequiredTestClass().getName() + "." + context.getRequiredTestMethod().getName();
        sim.control("PUT", "/test", Map.of("name", name.substring(Math.max(0, name.length() - 200))));
        var accepted = new ArrayList<String>();
        findAnnotation(context.getRequiredTestClass(), AcceptFindings.class).ifPresent(one -> accepted.addAll(List.of(one.value())));
        findAnnotation(context.getRequiredTestMethod(), AcceptFindings.class).ifPresent(one -> accepted.addAll(List.of(one.value())));
        if (!accepted.isEmpty()) sim.control("PUT", "/findings/accepted", Map.of("rules", accepted));
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        simulator(context).check();
        var failing = context.getStore(NAMESPACE).get("sim", WeixinSim.class).findings().stream()
            .filter(finding -> finding.get("fails").equals(true))
            .map(WeixinSimExtension::describe)
            .collect(Collectors.joining());
        if (failing.isEmpty()) return;
        var error = new AssertionError("requests that WeChat would reject, or that are unsafe:" + failing);
        var cause = context.getExecutionException();
        if (cause.isEmpty()) throw error;
        cause.get().addSuppressed(error);
    }

    private static String describe(Map<String, Object> finding) {
        var remedy = ((Map<?, ?>) finding.get("remedy")).get("en");
        return "\n%s (%s): %s\n    sent: %s\n    to accept the rule: @AcceptFindings(\"%s\")".formatted(
            finding.get("id"), finding.get("class"), remedy, finding.get("sent"), finding.get("id"));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        var sim = context.getStore(NAMESPACE).remove("sim", WeixinSim.class);
        if (!isShared(context) && sim != null) sim.close();
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == WeixinSim.class;
    }

    @Override
    public WeixinSim resolveParameter(ParameterContext parameter, ExtensionContext context) {
        if (isShared(context)) return shared(context);
        var sim = context.getStore(NAMESPACE).get("sim", WeixinSim.class);
        if (sim == null) throw new SimulatorException("each test has a world of its own: use @WithWeixinSim(shared = true) to get one here");
        return sim;
    }

    private static boolean isShared(ExtensionContext context) {
        return findAnnotation(context.getRequiredTestClass(), WithWeixinSim.class).map(WithWeixinSim::shared).orElse(false);
    }

    private static Simulator simulator(ExtensionContext context) {
        return context.getRoot().getStore(NAMESPACE).getOrComputeIfAbsent("simulator", key -> new Simulator(), Simulator.class);
    }

    private static WeixinSim shared(ExtensionContext context) {
        return context.getRoot().getStore(NAMESPACE).getOrComputeIfAbsent("shared", key -> simulator(context).open(), WeixinSim.class);
    }
}

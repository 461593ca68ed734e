import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Has veraPDF judge files by PDF/A-3a and PDF/UA-1. Exit: 0 every file keeps both, 1 one does not; what it
 * breaks is told on the error output. Without files it says how many rules there are.
 *
 * The rules are veraPDF's own (its profiles, read from its package). They are handed over one by one, because
 * the package leaves out the part of JAXB with which veraPDF reads them itself.
 */
public class Standards {
    private static final int SHOWN_AT_MOST = 20;

    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        ValidationProfile[] standards = {
            profile("PDFA-3A", PDFAFlavour.PDFA_3_A), profile("PDFUA-1", PDFAFlavour.PDFUA_1)
        };
        boolean allKept = true;
        for (String file : files) {
            for (ValidationProfile standard : standards) {
                allKept &= isKept(file, standard);
            }
        }
        if (files.length == 0) {
            for (ValidationProfile standard : standards) {
                System.out.printf("veraPDF: %s, %d rules%n", name(standard), standard.getRules().size());
            }
        }
        System.exit(allKept ? 0 : 1);
    }

    private static boolean isKept(String file, ValidationProfile standard) throws Exception {
        PDFAFlavour flavour = standard.getPDFAFlavour();
        try (InputStream bytes = new FileInputStream(file);
                PDFAParser parser = Foundries.defaultInstance().createParser(bytes, flavour);
                PDFAValidator validator =
                        Foundries.defaultInstance().createValidator(standard, SHOWN_AT_MOST, false, true, false)) {
            ValidationResult result = validator.validate(parser);
            for (TestAssertion broken : result.getTestAssertions()) {
                System.err.printf(
                        "%s, %s, %s test %d: %s%n  at %s%n",
                        file, name(standard), broken.getRuleId().getClause(), broken.getRuleId().getTestNumber(),
                        broken.getMessage(), broken.getLocation().getContext());
            }
            boolean isKept = result.isCompliant() && result.getTotalAssertions() > 0;
            System.out.printf(
                    "%s, %s: %s, %d checks%n",
                    file, name(standard), isKept ? "kept" : "BROKEN", result.getTotalAssertions());
            return isKept;
        }
    }

    private static String name(ValidationProfile standard) {
        return standard.getDetails().getName();
    }

    private static ValidationProfile profile(String name, PDFAFlavour flavour) throws Exception {
        Element root;
        String path = "org/verapdf/pdfa/validation/" + name + ".xml";
        try (InputStream bytes = Standards.class.getClassLoader().getResourceAsStream(path)) {
            root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(bytes).getDocumentElement();
        }
        Set<Rule> rules = new HashSet<>();
        for (Element rule : all(root, "rule")) {
            rules.add(rule(rule, flavour));
        }
        Set<Variable> variables = new HashSet<>();
        for (Element variable : all(root, "variable")) {
            variables.add(Profiles.variableFromValues(
                    variable.getAttribute("name"), variable.getAttribute("object"),
                    text(variable, "defaultValue"), text(variable, "value")));
        }
        if (rules.size() < 100 || rules.size() != all(root, "rule").size()) {
            throw new IllegalStateException(name + ": only " + rules.size() + " rules were read");
        }
        return Profiles.profileFromValues(
                flavour, Profiles.profileDetailsFromValues(name, name, "veraPDF", new Date(0)), "", rules, variables);
    }

    private static Rule rule(Element rule, PDFAFlavour flavour) {
        Element id = all(rule, "id").get(0);
        int number = Integer.parseInt(id.getAttribute("testNumber"));
        return Profiles.ruleFromValues(
                Profiles.ruleIdFromValues(flavour.getPart(), id.getAttribute("clause"), number),
                rule.getAttribute("object"), rule.getAttribute("deferred").equals("true") ? Boolean.TRUE : null,
                rule.getAttribute("tags"), text(rule, "description"), text(rule, "test"),
                Profiles.errorFromValues(text(rule, "message"), List.of()), List.of());
    }

    private static String text(Element parent, String name) {
        return all(parent, name).get(0).getTextContent();
    }

    private static List<Element> all(Element parent, String name) {
        NodeList found = parent.getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int at = 0; at < found.getLength(); at++) {
            elements.add((Element) found.item(at));
        }
        return elements;
    }
}
